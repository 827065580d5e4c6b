/** What people write to a shop, and how it sounds to a reader; one message a line. Written before the lexicon was. */
export const en = {
  negative: `
    The parcel arrived smashed, this is unacceptable
    I have been waiting for three days, where is my answer?
    You took my money and sent nothing, this is a scam
    Terrible quality, the seams came apart in a week
    I would not recommend this shop to anyone
    Are you kidding me? I explained this five times already
    The courier was rude and left the box in the rain
    Give me my money back or I will file a complaint
    I really did not like it, the wool is scratchy
    Disappointed, the colour is nothing like the picture
    Wrong size again and now you refuse the return
    Why is it so expensive?? daylight robbery
    this bot is useless
    You sent the wrong item AGAIN
    It smells awful, like it was kept in a basement
    Broke after two days
    I will never buy from you again
    The zip is a nightmare, it keeps getting stuck
    Sick of waiting 😡
    The package is lost and nobody replies, pathetic
    I am not happy with your service
    Nobody picks up the phone, ridiculous
    Honestly the shop is mediocre at best
    You promised delivery yesterday and it still isn't here
    The sole came off after the first walk
    I regret ordering this 😞
    What a joke of a company
    The fabric is cheap and thin, worst purchase this year
    Support is a disgrace
    You promised a discount and did not give it, that is not fair
    The promo code fails every time, so annoying
    I want to speak to a manager, this is outrageous
    The box was torn and the shoes were dirty
    The dye ruined my white shirt
    You answer far too slowly, it is impossible to get anything done
    I am upset, the gift did not make it for her birthday
    It is fake leather, you lied in the description
    Nothing good to say about this purchase
    Nobody warned me about the delay, very unpleasant
    Defective! There is a hole in the sleeve`,
  neutral: `
    How much is shipping to Leeds?
    Hi, do you have this jacket in M?
    What is it made of?
    My address is 14 Mill Lane, York
    Can I pay by card on delivery?
    Order number 2026-0415
    Until when does the sale run?
    I need the black one, I am 170 cm tall
    When does the pickup point on King Street open?
    What is the difference between the two models?
    Yes
    No, the blue one
    Please send me the size chart
    How many days do I have for a return?
    I want to change the size from 42 to 43
    Which courier do you use?
    Is it waterproof?
    All right, the second option then
    Where is my order?
    Good evening
    Can I collect it myself?
    Do students get a discount?
    What about the lining?
    Give me the tracking number
    The recipient's phone is 07700 900123
    ok
    How heavy is it
    I changed my mind, remove the hat from the cart
    Are you open on Sunday?
    Which payment methods do you take
    I measured 26.5 cm from heel to toe
    Will you send the receipt by email?
    Will it come in red?
    I have paid, waiting for it to be sent
    How do I look after suede?
    Can it be washed at 40 degrees?
    The recipient is Mary Stone
    Pass this question to a person
    Compare it with last year's model please
    Cancel the order, I will place a new one`,
  positive: `
    Thank you so much, everything came on time!
    Very happy with it, fits perfectly
    Great, I'll take it
    You guys are the best ❤️
    The jacket is amazing, warm and light
    The courier was polite and early
    Excellent shop, I will order again
    I love the quality
    Thanks for the quick help
    Yay, my size is finally back!
    My son adores the backpack
    Highly recommended, top quality
    Wonderful, thanks for the detailed answer
    Beautiful packaging, a joy to unbox
    👍 all good
    Did not expect it to be this comfortable, so pleased
    My husband is delighted, the boots are warm
    Huge thanks to your manager, you saved the day
    Best shoes for the money
    Smooth and fast, no problems at all
    I adore your stuff 😍
    Brilliant service, you never let me down
    Exactly what I was looking for, super
    Pleasantly surprised by the delivery speed
    The colour is even prettier than in the photo
    Trying things on at home is a great idea!
    I am so glad I asked, thank you
    Five stars for speed
    It fits like a glove, thanks for the size advice
    Such soft fabric, a pleasure to wear
    Well done, keep it up
    Not a single regret about this purchase
    Cool that there is a pickup point near me
    The gift was a hit, mum cried with joy
    You really helped me out 🙏
    Gorgeous dress, I got compliments all evening
    Nice that returns are so easy, thank you
    Liked everything, I will be back
    Great quality, fair price
    Thanks, now it is clear`,
};
